CREATE TABLE `alarm` (
	`id` integer PRIMARY KEY NOT NULL,
	`due_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `chunk` (
	`id` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `message` (
	`position` integer PRIMARY KEY NOT NULL,
	`message_id` text NOT NULL,
	`parent_id` text,
	`role` text NOT NULL,
	`parts` text NOT NULL,
	`metadata` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `message_by_id` ON `message` (`message_id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `session` (
	`id` integer PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`user_id` text NOT NULL,
	`title` text NOT NULL,
	`leaf_message_id` text,
	`last_provider` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ticket` (
	`id` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`user_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`expires_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `turn` (
	`position` integer PRIMARY KEY NOT NULL,
	`turn_id` text NOT NULL,
	`request_id` text NOT NULL,
	`selection_id` text NOT NULL,
	`message_id` text NOT NULL,
	`parent_id` text NOT NULL,
	`requested` text NOT NULL,
	`status` text NOT NULL,
	`stop_requested` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`ended_at_ms` integer
);
