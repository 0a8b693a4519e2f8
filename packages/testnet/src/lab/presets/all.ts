import type { LabTopology } from "../types.js";
import {
	addressRestrictedRouter,
	doubleNat,
	fullConeRouter,
	homeRouter,
	multiHomed,
	oneToOneCloud,
	symmetricRouter,
	udpBlocked,
	unfilteredRouter,
} from "./home-routers.js";
import { ipv6Block, ipv6Firewall, ipv6Only, prefixTranslation } from "./ipv6.js";
import { firewalledHost, openInternet, publicBlock } from "./public-hosts.js";

/** Every preset by name, for tables of cases. */
export const LAB_PRESETS = {
	homeRouter,
	symmetricRouter,
	fullConeRouter,
	addressRestrictedRouter,
	unfilteredRouter,
	udpBlocked,
	oneToOneCloud,
	doubleNat,
	openInternet,
	firewalledHost,
	publicBlock,
	ipv6Firewall,
	ipv6Only,
	prefixTranslation,
	ipv6Block,
	multiHomed: () => multiHomed(),
	multiHomedNoGateway: () => multiHomed("no-gateway"),
	multiHomedStrict: () => multiHomed("strict-rp-filter"),
} as const satisfies Readonly<Record<string, () => LabTopology>>;
