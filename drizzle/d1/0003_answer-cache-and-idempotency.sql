CREATE TABLE `cached_answer` (
	`organization_id` text NOT NULL,
	`key` text NOT NULL,
	`answer` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `cached_answer_expires` ON `cached_answer` (`expires_at_ms`);--> statement-breakpoint
CREATE INDEX `cached_answer_position` ON `cached_answer` (`organization_id`,`position`);--> statement-breakpoint
CREATE TABLE `idempotent_call` (
	`organization_id` text NOT NULL,
	`path` text NOT NULL,
	`key` text NOT NULL,
	`body_hash` text NOT NULL,
	`claim` text NOT NULL,
	`busy_until_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`status` integer,
	`headers` text,
	`body` text,
	`position` integer,
	PRIMARY KEY(`organization_id`, `path`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotent_call_expires` ON `idempotent_call` (`expires_at_ms`);--> statement-breakpoint
CREATE INDEX `idempotent_call_position` ON `idempotent_call` (`organization_id`,`position`);