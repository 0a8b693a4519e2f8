/**
 * C0 and C1 controls, DEL, line and paragraph separators, bidirectional and invisible format characters, byte order
 * marks, tags, and lone surrogates: whatever can move a cursor, recolour or retitle a terminal, reorder a line, or
 * hide in it.
 */
const UNPRINTABLE =
	/[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/**
 * Makes text from outside (a server, a peer, DNS, the name of a NIC) safe to print on a terminal, on one line: each
 * unprintable character becomes an escape such as `\n`, `\x1b` or `\u202e`. Backslashes are left as they are.
 */
export function printable(text: string): string {
	return text.replace(UNPRINTABLE, escapeOf);
}

function escapeOf(character: string): string {
	const known = SHORT_ESCAPES.get(character);
	if (known !== undefined) return known;
	const code = character.codePointAt(0) ?? 0;
	if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
	return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
	["\n", "\\n"],
	["\r", "\\r"],
	["\t", "\\t"],
]);
