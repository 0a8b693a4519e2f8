/**
 * An MQTT broker to embed, for self-hosting and for tests.
 *
 * @packageDocumentation
 */
export {};
