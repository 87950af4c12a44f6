CREATE TABLE `call_settings` (
	`id` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
