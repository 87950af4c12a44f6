CREATE TABLE `response_items` (
	`organization_id` text NOT NULL,
	`stem` text NOT NULL,
	`items` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `stem`)
);
--> statement-breakpoint
CREATE INDEX `response_items_expires` ON `response_items` (`expires_at_ms`);--> statement-breakpoint
CREATE INDEX `response_items_position` ON `response_items` (`organization_id`,`position`);