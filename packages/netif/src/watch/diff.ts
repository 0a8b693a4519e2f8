import { FAMILIES } from "@p2pd/net";
import { refuse } from "../errors.js";
import { isSnapshot } from "../netifaces.js";
import type { NicAddress, NicInfo, NicSnapshot } from "../os/types.js";
import type { InterfaceChange, InterfacesEvent } from "./types.js";

/**
 * The changes from one snapshot to another: NICs that were removed, then the other NICs in their order, then the defaults.
 *
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT)
 */
export function diffSnapshots(before: NicSnapshot, after: NicSnapshot): InterfaceChange[] {
	refuse(isSnapshot(before, "before") ?? isSnapshot(after, "after"));
	const old = new Map(before.nics.map((nic) => [nic.name, nic]));
	const now = new Map(after.nics.map((nic) => [nic.name, nic]));
	const changes: InterfaceChange[] = [];
	for (const [name, info] of old) {
		// A NIC of the same name with another index is another one.
		if (!isSame(info, now.get(name))) changes.push({ type: "nic-removed", nic: name, info });
	}
	for (const [name, info] of now) {
		const was = old.get(name);
		if (was && isSame(was, info)) changes.push(...diffNic(was, info));
		else changes.push({ type: "nic-added", nic: name, info });
	}
	for (const af of FAMILIES) {
		const from = before.defaults[af]?.name ?? null;
		const to = after.defaults[af]?.name ?? null;
		const nic = to ?? from;
		if (from !== to && nic !== null) changes.push({ type: "default-route", nic, af, from, to });
	}
	return changes;
}

function isSame(before: NicInfo, after: NicInfo | undefined): boolean {
	if (!after) return false;
	return before.index === null || after.index === null || before.index === after.index;
}

function diffNic(before: NicInfo, after: NicInfo): InterfaceChange[] {
	const nic = after.name;
	const changes: InterfaceChange[] = [];
	const { up, running } = after;
	if (before.up !== up || before.running !== running) changes.push({ type: "link", nic, up, running });
	for (const address of before.addresses) {
		// An address that is unlisted because the link went down may still exist.
		if (!after.addressesKnown[address.af]) continue;
		if (!after.addresses.some((each) => isSameAddress(each, address))) {
			changes.push({ type: "address-removed", nic, address });
		}
	}
	for (const address of after.addresses) {
		const was = before.addresses.find((each) => isSameAddress(each, address));
		if (was === undefined) changes.push({ type: "address-added", nic, address });
		else if (key(was) !== key(address)) {
			changes.push({ type: "address-changed", nic, address, before: was });
		}
	}
	if (before.mtu !== after.mtu) changes.push({ type: "mtu", nic, mtu: after.mtu, before: before.mtu });
	for (const af of FAMILIES) {
		const gateways = after.gateways[af];
		if (key(before.gateways[af]) !== key(gateways)) changes.push({ type: "gateway", nic, af, gateways });
	}
	return changes;
}

/** Whether two entries are one address. Its state and its label may differ. */
function isSameAddress(a: NicAddress, b: NicAddress): boolean {
	return a.ip === b.ip && a.cidr === b.cidr;
}

function key(value: unknown): string {
	return JSON.stringify(value);
}

/** Whether the event of a watch can have changed the routes of a NIC. After a sleep it always can. */
export function concerns(event: InterfacesEvent, nic: string): boolean {
	if (event.cause === "wake") return true;
	return event.changes.some(
		(change) =>
			(change.nic === nic && change.type !== "mtu") ||
			(change.type === "default-route" && (change.from === nic || change.to === nic)),
	);
}
