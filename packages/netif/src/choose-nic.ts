import { InterfaceNotFoundError, InvalidFamilyError, NoDefaultInterfaceError } from "./errors.js";
import { findNic } from "./netifaces.js";
import type { NicInfo, NicSnapshot, OsFamily } from "./os/types.js";

/** What an `Interface` can be asked for by: a name, a family (its default NIC), or nothing (the default NIC). */
export type InterfaceSelector = string | OsFamily | null | undefined;

/**
 * The NIC that is meant.
 *
 * @throws InterfaceNotFoundError (ERR_NETIF_NOT_FOUND) for a name that nobody has
 * @throws NoDefaultInterfaceError (ERR_NETIF_NO_GATEWAY) where the family, or both, have no way out
 * @throws InvalidFamilyError (ERR_NETIF_INVALID_FAMILY) for a number other than 4 and 6
 */
export function chooseNic(snapshot: NicSnapshot, selector: InterfaceSelector): NicInfo {
	if (typeof selector === "number") return defaultOf(snapshot, [checkFamily(selector)]);
	if (selector === null || selector === undefined || selector === "") return defaultOf(snapshot, [4, 6]);
	const nic = findNic(snapshot.nics, selector);
	if (!nic) {
		throw new InterfaceNotFoundError(
			selector,
			snapshot.nics.map(({ name }) => name),
		);
	}
	return nic;
}

/** @throws InvalidFamilyError (ERR_NETIF_INVALID_FAMILY) */
export function checkFamily(value: unknown): OsFamily {
	if (value !== 4 && value !== 6) throw new InvalidFamilyError(value);
	return value;
}

function defaultOf(snapshot: NicSnapshot, families: readonly OsFamily[]): NicInfo {
	for (const af of families) {
		const name = snapshot.defaults[af]?.name;
		const nic = snapshot.nics.find((each) => each.name === name);
		if (nic) return nic;
	}
	const first = families[0];
	const names = snapshot.nics.map(({ name }) => name).join(", ");
	throw new NoDefaultInterfaceError(
		families.length === 1 && first !== undefined ? first : null,
		`no default route (NICs: ${names || "none"})`,
	);
}
