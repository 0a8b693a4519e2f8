import { chooseDefault, isDefaultRoute } from "./default-nic.js";
import type {
	NicGateway,
	NicInfo,
	NicSnapshot,
	OsFamily,
	PerFamily,
	RawNic,
	RawSnapshot,
	SourceAnswer,
} from "./types.js";

/**
 * Makes the snapshot of what a platform's reader found and of the kernel's answers.
 *
 * @param answers the kernel's source address for each family; `null` where it was not asked
 */
export function assemble(
	platform: string,
	raw: RawSnapshot,
	answers: PerFamily<SourceAnswer | null>,
): NicSnapshot {
	const defaults = { 4: chooseDefault(raw, 4, answers[4]), 6: chooseDefault(raw, 6, answers[6]) };
	const nics = raw.nics.map(
		(nic): NicInfo => ({
			...nic,
			gateways: { 4: gatewaysOf(nic, 4), 6: gatewaysOf(nic, 6) },
			isDefault: { 4: defaults[4]?.name === nic.name, 6: defaults[6]?.name === nic.name },
		}),
	);
	nics.sort(
		(a, b) =>
			(a.index ?? Number.MAX_SAFE_INTEGER) - (b.index ?? Number.MAX_SAFE_INTEGER) ||
			(a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
	);
	return { platform, nics, defaults, routesKnown: raw.routesKnown, missing: raw.missing };
}

function gatewaysOf(nic: RawNic, af: OsFamily): NicGateway[] {
	const seen = new Set<string>();
	return nic.routes
		.filter((route) => route.af === af && isDefaultRoute(route))
		.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
		.map(({ gateway, metric }) => ({ ip: gateway, metric }))
		.filter(({ ip, metric }) => {
			// The two halves of a VPN's default route are one gateway.
			const key = `${ip} ${metric}`;
			return !seen.has(key) && seen.add(key);
		});
}
