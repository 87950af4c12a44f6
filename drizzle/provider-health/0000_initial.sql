CREATE TABLE `alarm` (
	`id` integer PRIMARY KEY NOT NULL,
	`due_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `circuits` (
	`id` integer PRIMARY KEY NOT NULL,
	`provider` text NOT NULL,
	`state` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy_change` (
	`number` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `probe_spend` (
	`id` integer PRIMARY KEY NOT NULL,
	`day` text NOT NULL,
	`micro_usd` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `region` (
	`name` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `transition` (
	`number` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
