/**
 * How two nodes exchange messages before they are connected: MQTT or memory; /broker is a broker to embed.
 *
 * @packageDocumentation
 */
export {};
