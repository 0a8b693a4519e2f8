import { type InterfaceChange, type InterfacesEvent, watchInterfaces } from "@p2pd/core";
import { printable } from "@p2pd/core/net";
import type { Run } from "../context.js";
import { EXIT } from "../errors.js";
import type { Colours } from "../output/output.js";

/** `p2pd watch`: changes of the NICs as they come, until Ctrl-C. Sends nothing. */
export const run: Run = async ({ out, options, signal }) => {
	out.message(`watching ${options.nic ?? "every NIC"}; Ctrl-C ends it.`);
	try {
		for await (const event of watchInterfaces({ signal })) {
			const changes = event.changes.filter(({ nic }) => options.nic === undefined || nic === options.nic);
			if (changes.length === 0 && event.cause !== "wake") continue;
			const time = new Date().toISOString();
			if (options.json) {
				out.line({ schema: "p2pd-watch", version: 1, time, cause: event.cause, changes });
			} else {
				for (const line of eventLines({ ...event, changes }, out.colours)) out.result(`${time}  ${line}`);
			}
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	}
	return signal.aborted ? EXIT.interrupted : EXIT.ok;
};

function eventLines({ cause, changes }: InterfacesEvent, colours: Colours): string[] {
	const woke = cause === "wake" ? ["the machine was asleep; addresses may be old"] : [];
	return [
		...woke,
		...changes.map((change) => `${colours.bold(printable(change.nic))}  ${printable(changeText(change))}`),
	];
}

/** A change in words. */
export function changeText(change: InterfaceChange): string {
	switch (change.type) {
		case "nic-added":
			return `appeared (${change.info.kind})`;
		case "nic-removed":
			return "went away";
		case "address-added":
			return `+ ${change.address.ip}${change.address.cidr === null ? "" : `/${change.address.cidr}`}`;
		case "address-removed":
			return `- ${change.address.ip}${change.address.cidr === null ? "" : `/${change.address.cidr}`}`;
		case "address-changed": {
			const state = change.address.tentative
				? "tentative"
				: change.address.deprecated
					? "deprecated"
					: change.before.tentative
						? "ready"
						: "changed";
			return `${change.address.ip} is ${state}`;
		}
		case "mtu":
			return `MTU: ${change.before ?? "unknown"} -> ${change.mtu ?? "unknown"}`;
		case "link":
			return change.running ? "link is running" : `link is ${change.up ? "up, without a carrier" : "down"}`;
		case "gateway": {
			const gateways = change.gateways.map(({ ip }) => ip ?? "on link").join(", ");
			return `IPv${change.af} gateway: ${gateways || "none"}`;
		}
		case "default-route":
			return `IPv${change.af} default: ${change.from ?? "none"} -> ${change.to ?? "none"}`;
	}
}
