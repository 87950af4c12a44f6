/** What every chat of the session bench asks, in every turn. */
export const QUESTION = "What does a breakwater do, and how is one built where the ground is soft?";
