import { isNodeId } from "@p2pd/peer";

const PREFIX = "p2pd/1/";

/** The topic of a node's inbox: `p2pd/1/NODEID`. The only kind of topic there is. */
export function inboxTopic(id: string): string {
	return `${PREFIX}${id}`;
}

/** The node whose inbox a topic is; null for any other topic. */
export function ownerOfTopic(topic: string): string | null {
	if (!topic.startsWith(PREFIX)) return null;
	const id = topic.slice(PREFIX.length);
	return isNodeId(id) ? id : null;
}
