/** From what a person types to an expression of the text index. */
import { joinUuids } from "./journey-words.ts";

/** Shorter beginnings would have to be gathered from too many words. */
const MIN_BEGINNING_CHARS = 3;
const MAX_WORDS = 10;
const MAX_WORD_CHARS = 100;

/** A zero byte would end the expression early. */
const CONTROLS = /\p{Cc}/gu;
const HAS_TOKEN = /[\p{L}\p{N}]/u;
/** The beginning of a uuid with at least its first group, as it is typed or pasted. */
const UUID_BEGINNING = /^[0-9a-f]{8}-[0-9a-f-]{0,27}$/i;

/**
 * All words must be there; the last one may be a beginning. Undefined when the text has nothing to look for. Each word
 * is quoted, so that nothing in it has a meaning of its own.
 */
export function matchWords(text: string): string | undefined {
  const words = text
    .replace(CONTROLS, " ")
    .trim()
    .split(/\s+/)
    .filter((word) => HAS_TOKEN.test(word))
    .slice(0, MAX_WORDS)
    .map((word) => (UUID_BEGINNING.test(word) ? word.replaceAll("-", "") : joinUuids(word)).slice(0, MAX_WORD_CHARS));
  const last = words.at(-1);
  if (last === undefined) return undefined;
  const phrases = words.map(quote);
  if (tokenChars(last) >= MIN_BEGINNING_CHARS) phrases[phrases.length - 1] = `${quote(last)} *`;
  return phrases.join(" AND ");
}

/** The words in this order, next to each other: a part of a message. */
export function matchPart(text: string): string | undefined {
  if (!HAS_TOKEN.test(text)) return undefined;
  const part = joinUuids(text.replace(CONTROLS, " ").trim()).slice(0, MAX_WORDS * MAX_WORD_CHARS);
  return tokenChars(part) >= MIN_BEGINNING_CHARS ? `${quote(part)} *` : quote(part);
}

/** The range of uuids that begin so, `to` exclusive; undefined when the text can't be the beginning of one. */
export function uuidRange(text: string): { from: string; to: string } | undefined {
  const beginning = text.trim().toLowerCase();
  if (!/^[0-9a-f]{4,8}$/.test(beginning) && !(UUID_BEGINNING.test(beginning) && beginning.length <= 36))
    return undefined;
  // All characters of a uuid come before "g".
  return { from: beginning, to: `${beginning}g` };
}

const quote = (word: string): string => `"${word.replaceAll('"', '""')}"`;

/** Characters of the last token of a word: what the index would look for as a beginning. */
function tokenChars(word: string): number {
  return word.split(/[^\p{L}\p{N}]+/u).findLast((token) => token !== "")?.length ?? 0;
}
