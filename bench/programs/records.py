"""Records, dictionaries, strings and JSON: a program full of objects."""

import json
import sys


class Node:
    """A tree node with attributes in a dictionary of its own."""

    def __init__(self, key, payload):
        self.key = key
        self.payload = payload
        self.children = []


def tree(depth, key):
    """A tree in which every node has three children."""
    node = Node(key, f"payload {key} " * 3)
    if depth > 0:
        node.children = [tree(depth - 1, key * 3 + i) for i in range(3)]
    return node


def weigh(node):
    """The tree's payload in bytes."""
    return len(node.payload) + sum(weigh(child) for child in node.children)


def records(count):
    """Records as a parser would make them."""
    return [
        {
            "id": i,
            "name": f"name-{i * 7919 % count}",
            "tags": [f"tag{(i + j) % 50}" for j in range(i % 7)],
            "position": {"x": i / 3.0, "y": i * i % 1013},
        }
        for i in range(count)
    ]


def main():
    """Prints figures that only depend on the argument."""
    count = int(sys.argv[1])
    for turn in range(4):
        text = json.dumps(records(count))
        back = json.loads(text)
        words = {}
        for record in back:
            for tag in record["tags"]:
                words.setdefault(tag, []).append(record["name"])
        print(turn, len(text), sorted((k, len(v)) for k, v in words.items()))
        lines = [f"{r['name']}:{r['position']['y']}" for r in back]
        lines.sort(key=lambda line: (line.split(":")[1], line))
        print(lines[:5], len("\n".join(lines)))
    print(weigh(tree(9 if count > 10000 else 7, 1)))


main()
