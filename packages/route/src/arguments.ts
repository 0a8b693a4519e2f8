import { type Check, is } from "@p2pd/net";

/** The check of a NIC that a route is on, or null. */
export const isNicOrNull: Check = is.nullOr(is.a("a NIC (with name, index and isDefault) or null", isNic));

function isNic(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	const { name, index, isDefault }: { name?: unknown; index?: unknown; isDefault?: unknown } = value;
	return (
		typeof name === "string" && (index === null || Number.isInteger(index)) && typeof isDefault === "function"
	);
}
