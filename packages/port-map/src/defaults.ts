/** The port of PCP and NAT-PMP servers (RFC 6887 section 19.1, RFC 6886 section 3). */
export const PCP_PORT = 5351;
/** The port of SSDP (UPnP Device Architecture 1.1, section 1.1.2). */
export const SSDP_PORT = 1900;
/** SSDP's multicast groups. */
export const SSDP_GROUP = { 4: "239.255.255.250", 6: "ff02::c" } as const;

/** Lease to ask for, in ms: what Tailscale asks for; short enough that a crash leaves little behind. */
export const LIFETIME = 7_200_000;
/** First answer within this, in ms: routers on a LAN answer in a few ms, UPnP's slower ones in some hundred. */
export const TIMEOUT = 500;
/** How much earlier the method that worked on this network before is asked, in ms: well within TIMEOUT. */
export const HEAD_START = 150;
/** A later answer is still taken within this, in ms: SSDP lets a device wait a second before it answers. */
export const PATIENCE = 3_000;
/** How often to look whether the router restarted, in ms: lower than 10 s, within which a lost mapping must be back. */
export const CHECK_INTERVAL = 5_000;
/** Shortest lease in ms that is renewed at half its life; a shorter one is renewed no more often than this. */
export const LEAST_RENEWAL = 1_000;

/** First retransmission in ms, doubled each time. RFC 6886 section 3.1 starts at 250; RFC 6887's 3 s suit no LAN. */
export const RETRANSMIT = 250;
/** Longest wait between retransmissions, in ms. */
export const RETRANSMIT_MOST = 4_000;
/** How long one exchange may take in all, in ms. */
export const EXCHANGE_TIMEOUT = 2_500;

/** External ports that are tried at an IGD that reports a conflict (718). */
export const CONFLICT_TRIES = 8;
/** Bytes of an HTTP response that are read: a description is some kilobytes. */
export const HTTP_BYTES = 262_144;
/** Datagrams that are looked at while one probe runs; a flood ends the probe. */
export const PROBE_DATAGRAMS = 64;
