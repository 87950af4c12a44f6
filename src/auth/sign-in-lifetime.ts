/** A sign-in lasts this long from its beginning, used or not: no write is spent on renewing it. Rule AU8. */
export const SIGN_IN_LIFETIME_MS = 30 * 24 * 60 * 60 * 1_000;
