/** The largest message in bytes. Must not be less than what `@p2pd/peer` seals. */
export const MAX_SIGNAL_MESSAGE_BYTES = 8192;
/** Messages that wait for the reader of an inbox: 2 MiB at most. */
export const INBOX_MESSAGES = 256;

/** One try to connect to a server, in ms: name, TCP, TLS and MQTT. Less than what a user waits for a failure (10 s). */
export const CONNECT_TIMEOUT = 4000;
/** Between two tries to connect, in ms: doubled each time, and varied by half so that nodes do not come all at once. */
export const RECONNECT_FIRST = 250;
export const RECONNECT_MAX = 30_000;
/** A server drops a client that says nothing for one and a half times this long, in seconds. Below the 60 s after which some NATs forget a TCP connection. */
export const KEEPALIVE_SECONDS = 45;
/** How long `close()` waits for the server, in ms. */
export const CLOSE_TIMEOUT = 1000;

/** How far the clocks of a node and our broker may be apart, in ms. */
export const MAX_PASSWORD_AGE = 120_000;

/** Defaults of the embedded broker. Connections at once: about 60 kB each. */
export const BROKER_CONNECTIONS = 10_000;
/** Connections at once from one address: many nodes may be behind one NAT. */
export const BROKER_CONNECTIONS_PER_IP = 256;
/** Messages a second that one connection may send in the long run, and at once. */
export const BROKER_RATE = 20;
export const BROKER_BURST = 100;
/** From connecting to the end of authentication, in ms. */
export const BROKER_CONNECT_TIMEOUT = 5000;
/** A client that does not read what is sent to it is dropped after this long, in ms. */
export const BROKER_DRAIN_TIMEOUT = 5000;
/** The largest MQTT packet in bytes: a message, its topic, and what a CONNECT holds. */
export const BROKER_PACKET_BYTES = 9216;
