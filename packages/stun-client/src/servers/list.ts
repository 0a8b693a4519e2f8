import type { StunServerSpec } from "./types.js";

/**
 * Public servers under well-known names, one for each operator. Those that can answer from a second address are marked
 * and come first. `verifiedAt` is written by `pnpm verify-servers --write`, which needs the Internet: a weekly workflow
 * runs it and proposes the change. It is null before the first check.
 */
export const DEFAULT_STUN_SERVERS: readonly StunServerSpec[] = [
	{
		host: "stunserver2025.stunprotocol.org",
		port: 3478,
		operator: "stunprotocol",
		features: ["rfc5780"],
		verifiedAt: null,
	},
	{
		host: "stun.hot-chilli.net",
		port: 3478,
		operator: "hot-chilli",
		features: ["rfc5780"],
		verifiedAt: null,
	},
	{ host: "stun.voipgate.com", port: 3478, operator: "voipgate", features: ["rfc5780"], verifiedAt: null },
	{ host: "stun.m-online.net", port: 3478, operator: "m-net", features: ["rfc5780"], verifiedAt: null },
	{ host: "stun.sipgate.net", port: 3478, operator: "sipgate", features: ["rfc3489"], verifiedAt: null },
	{ host: "stun.12voip.com", port: 3478, operator: "dellmont", features: ["rfc3489"], verifiedAt: null },
	{ host: "stun.l.google.com", port: 19302, operator: "google", verifiedAt: null },
	{ host: "stun.cloudflare.com", port: 3478, operator: "cloudflare", verifiedAt: null },
	{ host: "stun.nextcloud.com", port: 3478, operator: "nextcloud", verifiedAt: null },
	{ host: "global.stun.twilio.com", port: 3478, operator: "twilio", verifiedAt: null },
	{ host: "stun.freeswitch.org", port: 3478, operator: "freeswitch", verifiedAt: null },
	{ host: "stun.telnyx.com", port: 3478, operator: "telnyx", verifiedAt: null },
];
