import type { InterfacesEvent } from "./types.js";

/** Whether what a watch told can have changed the routes of a NIC. After a sleep it always can. */
export function concerns(event: InterfacesEvent, nic: string): boolean {
	if (event.cause === "wake") return true;
	return event.changes.some(
		(change) =>
			change.nic === nic || (change.type === "default-route" && (change.from === nic || change.to === nic)),
	);
}
