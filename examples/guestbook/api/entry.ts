// Guestbook entries and their validation.

export interface Entry {
  name: string;
  message: string;
  at: string; // ISO 8601, UTC
}

/** A request that cannot be served: a message for the visitor, the status, and the field it is about. */
export class Problem extends Error {
  constructor(readonly status: number, message: string, readonly field?: string) {
    super(message);
  }
}

export function bad(message: string, field?: string): never {
  throw new Problem(400, message, field);
}

/** Returns the name (1 to 40 characters) and message (1 to 500) that were sent, or throws a Problem. */
export function check(sent: unknown): { name: string; message: string } {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) bad("The body must be a JSON object.");
  const { name, message } = sent as Record<string, unknown>;
  return {
    name: text(name, "name", "name", 40).replace(/\s+/g, " "),
    message: text(message, "message", "note", 500).replace(/\r\n?/g, "\n"),
  };
}

/** Counts characters as people do: an emoji counts as one, although it has two units in a JavaScript string. */
function text(value: unknown, field: string, label: string, most: number): string {
  if (typeof value !== "string") bad(`Please send your ${label} as text.`, field);
  const trimmed = value.trim();
  if (trimmed === "") bad(`Please write your ${label}.`, field);
  const length = [...trimmed].length;
  if (length > most) bad(`Your ${label} is too long: at most ${most} characters, this has ${length}.`, field);
  return trimmed;
}
