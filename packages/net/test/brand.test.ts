import { describe, expect, it } from "vitest";
import { brand } from "../src/index.js";

/** Two copies of a class hierarchy, as two copies of a package have them. */
function copy() {
	class Base extends Error {
		static {
			brand(Base, "@p2pd/net/test/Base");
		}
	}
	class Derived extends Base {
		static {
			brand(Derived, "@p2pd/net/test/Derived");
		}
	}
	class Plain extends Base {}
	return { Base, Derived, Plain };
}

describe("brand", () => {
	const [one, other] = [copy(), copy()];

	it("makes instanceof recognise another copy's instances, and their subclasses'", () => {
		expect(new one.Base()).toBeInstanceOf(other.Base);
		expect(new one.Derived()).toBeInstanceOf(other.Base);
		expect(new one.Derived()).toBeInstanceOf(other.Derived);
		expect(new one.Base()).not.toBeInstanceOf(other.Derived);
		expect(new one.Derived()).toBeInstanceOf(Error);
	});

	it("leaves subclasses without a brand as they are", () => {
		expect(new one.Plain()).toBeInstanceOf(one.Plain);
		expect(new one.Plain()).toBeInstanceOf(other.Base);
		expect(new one.Base()).not.toBeInstanceOf(one.Plain);
		expect(new one.Plain()).not.toBeInstanceOf(other.Plain);
	});

	it("recognises nothing else, and adds nothing to see", () => {
		for (const value of [null, undefined, 1, "text", {}, new Error("no"), () => 1]) {
			expect(value instanceof one.Base).toBe(false);
		}
		expect(Object.keys(new one.Derived())).toEqual([]);
	});
});
