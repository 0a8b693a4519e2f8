import type { NicInfo, NicSnapshot } from "@p2pd/core/netif/os";
import { enumerateInterfaces } from "@p2pd/core/netif/os";
import type { Run } from "../context.js";
import { CommandError, EXIT } from "../errors.js";
import type { Colours } from "../output/output.js";
import { type Cell, table } from "../output/text.js";

/** `p2pd list`: every NIC as the operating system has it. Sends nothing. */
export const run: Run = async ({ out, options, signal, timeLeft }, _args, own) => {
	const snapshot = await enumerateInterfaces({ timeout: timeLeft(), signal });
	const nics = snapshot.nics.filter((nic) => matches(nic, options));
	if (nics.length === 0) throw new CommandError(nothingFound(snapshot, options));
	if (own["names"] === true) {
		const names = nics.map(({ name }) => name);
		if (options.json) out.json({ schema: "p2pd-list-names", version: 1, names });
		else for (const name of names) out.plain(name);
		return EXIT.ok;
	}
	if (options.json) {
		out.json({ schema: "p2pd-list", version: 1, ...snapshot, nics });
		return EXIT.ok;
	}
	const head = ["NAME", "KIND", "STATE", "DEFAULT", "ADDRESSES", "GATEWAYS", "MTU", "MAC"];
	out.result(
		table(
			head,
			nics.map((nic) => row(nic, options.family, out.colours)),
			out.columns,
		),
	);
	for (const { nic, fact, reason } of snapshot.missing) {
		out.message(`not known: ${fact}${nic === null ? "" : ` of ${nic}`} (${reason})`);
	}
	return EXIT.ok;
};

type Wanted = { readonly nic?: string; readonly family?: 4 | 6 };

const matches = (nic: NicInfo, { nic: name, family }: Wanted): boolean =>
	(name === undefined || nic.name === name) &&
	(family === undefined || nic.addresses.some(({ af }) => af === family));

function nothingFound({ nics }: NicSnapshot, { nic, family }: Wanted): string {
	if (nic !== undefined && !nics.some(({ name }) => name === nic)) {
		return `there is no NIC called "${nic}"; there are: ${nics.map(({ name }) => name).join(", ") || "none"}`;
	}
	return family === undefined ? "this machine has no NIC" : `no NIC has an IPv${family} address`;
}

function row(nic: NicInfo, family: 4 | 6 | undefined, colours: Colours): Cell[] {
	const of = <T extends { af: 4 | 6 }>(items: readonly T[]): readonly T[] =>
		family === undefined ? items : items.filter(({ af }) => af === family);
	const families = ([4, 6] as const).filter((af) => family === undefined || af === family);
	const defaults = families.filter((af) => nic.isDefault[af]).map((af) => `IPv${af}`);
	const gateways = families.flatMap((af) => nic.gateways[af].map(({ ip }) => ip ?? "on link"));
	return [
		defaults.length > 0 ? { text: nic.name, paint: colours.bold } : nic.name,
		nic.kindFrom === "os" ? nic.kind : `${nic.kind}?`,
		state(nic, colours),
		defaults.join(" ") || "-",
		of(nic.addresses)
			.map(({ ip, cidr }) => (cidr === null ? ip : `${ip}/${cidr}`))
			.join("\n") || "-",
		gateways.join("\n") || "-",
		nic.mtu === null ? "?" : String(nic.mtu),
		nic.mac ?? "-",
	];
}

function state({ up, running }: NicInfo, colours: Colours): Cell {
	if (running) return { text: "running", paint: colours.green };
	if (running === null && up === null) return "?";
	return up ? { text: "no carrier", paint: colours.yellow } : { text: "down", paint: colours.dim };
}
