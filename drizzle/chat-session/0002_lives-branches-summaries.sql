CREATE TABLE `attachment` (
	`id` integer PRIMARY KEY NOT NULL,
	`attachment_id` text NOT NULL,
	`name` text NOT NULL,
	`media_type` text NOT NULL,
	`bytes` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `branch` (
	`id` integer PRIMARY KEY NOT NULL,
	`parent_id` text NOT NULL,
	`message_id` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `share` (
	`id` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `summary` (
	`id` integer PRIMARY KEY NOT NULL,
	`up_to_message_id` text NOT NULL,
	`body` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `session` ADD `title_source` text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE `turn` ADD `generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `turn` ADD `rewound_to` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `session` SET `title_source` = 'person' WHERE `title` <> 'New chat';--> statement-breakpoint
INSERT INTO `branch` (`parent_id`, `message_id`)
SELECT coalesce(`parent_id`, ''), `message_id` FROM `message`
WHERE coalesce(`parent_id`, '') IN (
	SELECT coalesce(`parent_id`, '') FROM `message` GROUP BY coalesce(`parent_id`, '') HAVING count(*) > 1
)
ORDER BY `position`;
