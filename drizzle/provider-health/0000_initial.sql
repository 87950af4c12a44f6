CREATE TABLE `alarm` (
	`id` integer PRIMARY KEY NOT NULL,
	`due_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `breaker` (
	`id` integer PRIMARY KEY NOT NULL,
	`provider` text NOT NULL,
	`state` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `transition` (
	`number` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
