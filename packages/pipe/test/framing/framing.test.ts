import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { delimited, lengthPrefixed, lines, type PipeFraming } from "../../src/index.js";

/** Everything that a decoder makes of `wire`, cut at `cuts`. */
function decode(framing: PipeFraming, wire: Buffer, cuts: readonly number[] = [], late = false): string[] {
	const decoder = framing.decoder();
	const frames: string[] = [];
	const places = [...new Set(cuts.map((cut) => cut % (wire.length + 1)))].sort((a, b) => a - b);
	let from = 0;
	for (const to of [...places, wire.length]) {
		// A chunk of its own each, as from the wire; the decoder must not rely on their neighbours.
		decoder.push(Buffer.from(wire.subarray(from, to)));
		from = to;
		if (late && to < wire.length) continue;
		for (let frame = decoder.next(); frame !== null; frame = decoder.next())
			frames.push(frame.toString("latin1"));
	}
	const rest = decoder.end();
	if (rest !== null) frames.push(rest.toString("latin1"));
	return frames;
}

const cutsArb = fc.array(fc.nat(), { maxLength: 12 });
const without = (mark: string) =>
	fc
		.string({ unit: fc.constantFrom("a", "b", "\r", "\n", "-", "\u00ff"), maxLength: 20 })
		.filter((text) => `${text}${mark}`.indexOf(mark) === text.length);

describe("framings", () => {
	const cases: readonly [string, PipeFraming, fc.Arbitrary<string>][] = [
		["one byte", delimited("-"), without("-")],
		["two bytes", delimited("\r\n"), without("\r\n")],
		["a delimiter that overlaps itself", delimited("aab"), without("aab")],
		[
			"1-byte length",
			lengthPrefixed({ bytes: 1 }),
			fc.string({ unit: fc.constantFrom("a", "\u0000"), maxLength: 200 }),
		],
		[
			"2-byte little-endian length",
			lengthPrefixed({ bytes: 2, littleEndian: true }),
			fc.string({ unit: "binary-ascii", maxLength: 600 }),
		],
		["4-byte length", lengthPrefixed(), fc.string({ unit: "binary-ascii", maxLength: 600 })],
	];
	for (const [name, framing, message] of cases) {
		test(`${name}: what is sent is received, however the stream is cut`, () => {
			fc.assert(
				fc.property(fc.array(message, { maxLength: 8 }), cutsArb, fc.boolean(), (messages, cuts, late) => {
					const wire = Buffer.concat(messages.map((text) => framing.encode(Buffer.from(text, "latin1"))));
					expect(decode(framing, wire, cuts, late)).toEqual(messages);
				}),
			);
		});
	}

	test("lines end with LF or CRLF, and the last needs neither", () => {
		fc.assert(
			fc.property(cutsArb, (cuts) => {
				expect(decode(lines(), Buffer.from("one\ntwo\r\n\nfo\rur\nlast"), cuts)).toEqual([
					"one",
					"two",
					"",
					"fo\rur",
					"last",
				]);
			}),
		);
	});

	test("a line is sent with its end, unless only receiving is framed", () => {
		expect(String(lines().encode(Buffer.from("x")))).toBe("x\n");
		expect(String(lines({ send: false }).encode(Buffer.from("GET /\r\n\r\n")))).toBe("GET /\r\n\r\n");
	});

	test("a message that would be cut elsewhere, or is too long, is refused", () => {
		expect(() => lines().encode(Buffer.from("a\nb"))).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_FRAMING" }),
		);
		expect(() => delimited("aa").encode(Buffer.from("ba"))).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_FRAMING" }),
		);
		expect(() => lines({ maxBytes: 3 }).encode(Buffer.from("four"))).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_TOO_LONG", length: 4, limit: 3 }),
		);
		expect(() => lengthPrefixed({ bytes: 1 }).encode(Buffer.alloc(256))).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_TOO_LONG", limit: 255 }),
		);
	});

	test("a stream that violates its framing is an error, at the limit and not before", () => {
		const short = lines({ maxBytes: 4 });
		expect(decode(short, Buffer.from("four\n"), [2])).toEqual(["four"]);
		expect(decode(short, Buffer.from("four"), [2])).toEqual(["four"]);
		for (const wire of ["fives\n", "fives", "four\nfives"]) {
			expect(() => decode(short, Buffer.from(wire), [1, 2, 3])).toThrow(
				expect.objectContaining({ code: "ERR_PIPE_FRAMING" }),
			);
		}
		const small = lengthPrefixed({ bytes: 2, maxBytes: 4 });
		expect(() => decode(small, Buffer.from([0, 5]))).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_FRAMING" }),
		);
		for (const cutOff of [[0], [0, 4], [0, 4, 1, 2, 3]]) {
			expect(() => decode(small, Buffer.from(cutOff))).toThrow(
				expect.objectContaining({ code: "ERR_PIPE_FRAMING" }),
			);
		}
	});

	test("invalid options are refused", () => {
		expect(() => delimited("")).toThrow(expect.objectContaining({ code: "ERR_PIPE_OPTION" }));
		expect(() => lengthPrefixed({ bytes: 3 as 4 })).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_OPTION" }),
		);
	});
});
