import { expect, it, vi } from "vitest";
import * as one from "../src/index.js";

/** A second copy of the package, as a program has it that loads two versions. */
async function otherCopy(): Promise<typeof one> {
	vi.resetModules();
	return import("../src/index.js");
}

it("works with addresses, ranges and errors of another copy of the package", async () => {
	const other = await otherCopy();
	expect(other.IpAddress).not.toBe(one.IpAddress);
	const [mine, theirs] = [one.IpAddress.parse("fe80::1%eth0"), other.IpAddress.parse("fe80::1%eth0")];
	expect(theirs).toBeInstanceOf(one.IpAddress);
	expect([mine.equals(theirs), theirs.equals(mine), mine.compare(theirs)]).toEqual([true, true, 0]);
	expect(one.IpAddress.from(theirs).toString()).toBe("fe80::1%eth0");
	const [block, same] = [one.IPRange.parse("10.0.0.0/8"), other.IPRange.parse("10.0.0.0/8")];
	expect(same).toBeInstanceOf(one.IPRange);
	expect([block.equals(same), block.contains(same), block.overlaps(same), block.compare(same)]).toEqual([
		true,
		true,
		true,
		0,
	]);
	expect(block.contains(other.IpAddress.parse("10.1.2.3"))).toBe(true);
	expect(one.IPRange.order(block, other.IPRange.parse("10.0.0.0/9"))).toBe(-1);
	expect(`${new one.IPRange(other.IpAddress.parse("10.1.2.3"), 8)}`).toBe("10.1.2.3/8");
	expect(`${one.embedV4(other.IpAddress.parse("1.2.3.4"), other.IPRange.parse("64:ff9b::/96"))}`).toBe(
		"64:ff9b::102:304",
	);
	expect(new one.Address(other.IpAddress.parse("::1"), 80).host).toBe("::1");
	expect(() => other.IpAddress.parse("x")).toThrow(one.AddressSyntaxError);
	expect(() => other.IpAddress.parse("x")).toThrow(one.AddressError);
	expect(() => other.IPRange.parse("10.0.0.0/8").at(2 ** 40)).toThrow(one.AddressIndexError);
	expect(() => other.IpAddress.parse("x")).not.toThrow(one.AddressValueError);
});
