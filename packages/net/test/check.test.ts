import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestName, is, objectProblem } from "../src/index.js";

const fields = {
	timeout: is.timeout,
	port: is.port,
	name: is.filledText,
	signal: is.signal,
	servers: is.listOf(is.shape({ ip: is.text, port: is.remotePort }, { required: ["ip"] })),
};
const text = (value: unknown, path = "options"): string | null => {
	const found = objectProblem(value, path, fields, { renamed: { use_ssl: "tls" } });
	return found && `${found.path} ${found.message}`;
};

describe("objectProblem", () => {
	it.each([
		[{}, null],
		[{ timeout: undefined }, null],
		[{ timeout: 0, port: 65_535, name: "a", signal: new AbortController().signal }, null],
		[{ servers: [{ ip: "1.2.3.4", port: 1 }] }, null],
		[null, "options must be an object, not null"],
		[[], "options must be an object, not an array"],
		["x", 'options must be an object, not "x"'],
		[{ timeOut: 1 }, 'options.timeOut is not a known option; did you mean "timeout"?'],
		[{ tiemout: 1 }, 'options.tiemout is not a known option; did you mean "timeout"?'],
		[{ use_ssl: 1 }, 'options.use_ssl is not a known option; did you mean "tls"?'],
		[{ constructor: 1 }, "options.constructor is not a known option"],
		[{ timeout: Number.NaN }, "options.timeout must be milliseconds from 0 to 2147483647, not NaN"],
		[{ timeout: "3000" }, 'options.timeout must be milliseconds from 0 to 2147483647, not "3000"'],
		[{ port: -1 }, "options.port must be a whole number from 0 to 65535, not -1"],
		[{ signal: 5 }, "options.signal must be an AbortSignal, not 5"],
		[{ servers: [{ ip: "a" }, { port: 5 }] }, "options.servers[1].ip is required"],
		[
			{ servers: [{ ip: "a", port: 0 }] },
			"options.servers[0].port must be a whole number from 1 to 65535, not 0",
		],
	])("%j: %s", (value, problem) => {
		expect(text(value)).toBe(problem);
	});

	it("names a field alone when the path is empty", () => {
		expect(text({ port: 1.5 }, "")).toBe("port must be a whole number from 0 to 65535, not 1.5");
	});

	it("checks inherited fields of an options object too, but does not count them as unknown", () => {
		expect(text(Object.create({ timeout: "x", other: 1 }))).toMatch("options.timeout must be");
		expect(text(Object.create({ other: 1 }))).toBeNull();
	});

	it("accepts other fields where the rules are open", () => {
		expect(objectProblem({ other: 1 }, "json", fields, { open: true })).toBeNull();
	});

	it("never throws and always names a path, whatever it is given", () => {
		fc.assert(
			fc.property(fc.anything(), (value) => {
				const found = objectProblem(value, "options", fields);
				expect(found === null || found.path.startsWith("options")).toBe(true);
			}),
		);
	});
});

describe("closestName", () => {
	it.each([
		["shwo", "show"],
		["sho", "show"],
		["LIST", "list"],
		["load_nat", "loadNat"],
		["zzz", undefined],
		["", undefined],
	])("%j means %j", (name, meant) => {
		expect(closestName(name, ["list", "show", "loadNat"])).toBe(meant);
	});
});

describe("checks", () => {
	it.each([
		["oneOf", is.oneOf("tcp", "udp"), "tcp", "sctp", 'must be "tcp" or "udp", not "sctp"'],
		["number", is.number(0, 1), 0.5, Number.NaN, "must be a number from 0 to 1, not NaN"],
		["whole", is.whole(1, Number.POSITIVE_INFINITY), 9, 0, "must be a whole number 1 or more, not 0"],
		[
			"timeoutOrInfinity",
			is.timeoutOrInfinity,
			Number.POSITIVE_INFINITY,
			-1,
			"must be milliseconds from 0 to 2147483647, or Infinity, not -1",
		],
		["nullOr", is.nullOr(is.text), null, 5n, "must be a string, not 5n"],
		[
			"either",
			is.either("text or bytes", is.text, is.bytes),
			Buffer.of(1),
			{},
			"must be text or bytes, not an object",
		],
		["listOf", is.listOf(is.anything, { max: 1 }), [1], [1, 2], "must have at most 1 items, not 2"],
		["function", is.function, () => 0, "f", 'must be a function, not "f"'],
		["boolean", is.boolean, false, "no".repeat(40), `must be true or false, not "${"no".repeat(20)}..."`],
		["family", is.family, 6, 10, "must be 4 or 6, not 10"],
		["a", is.a("a Date", (value) => value instanceof Date), new Date(), [], "must be a Date, not an array"],
	] as const)("%s", (_, check, right, wrong, message) => {
		expect(check(right, "x")).toBeNull();
		expect(check(wrong, "x")).toEqual({ path: "x", message });
	});
});
