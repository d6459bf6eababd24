"""A conversation as ChatGPT's export has it: the fields, and the odd ones among the nodes."""

from typing import Any

BEGAN = 1_716_000_000.123456
CONVERSATION = "664f1c3e-8a40-800d-9d5c-0a2f5c6f7d11"


def node(
    id: str, parent: str | None, children: list[str], message: dict[str, Any] | None
) -> dict[str, Any]:
    return {"id": id, "message": message, "parent": parent, "children": children}


def said(role: str, *parts: Any, at: float | None = BEGAN, **fields: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": list(parts)}
    return {
        "id": "aaa2b3c4-0000-4000-8000-000000000000",
        "author": {"role": role, "name": fields.pop("name", None), "metadata": {}},
        "create_time": at,
        "update_time": None,
        "content": fields.pop("content", content),
        "status": "finished_successfully",
        "end_turn": role == "assistant" or None,
        "weight": 1.0,
        "metadata": fields.pop("metadata", {}),
        "recipient": "all",
        "channel": None,
        **fields,
    }


def trip(**fields: Any) -> dict[str, Any]:
    """With a root, a hidden prompt, a picture, a tool, thoughts, and a regenerated answer."""
    hidden = {"is_visually_hidden_from_conversation": True}
    slug = {"model_slug": "gpt-4o", "finish_details": {"type": "stop", "stop_tokens": [200002]}}
    picture = {
        "content_type": "image_asset_pointer",
        "asset_pointer": "file-service://file-Ab12",
        "size_bytes": 10,
        "width": 1,
        "height": 1,
    }
    context = {"content_type": "user_editable_context", "user_profile": "I am Ann"}
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "c"}]}
    code = {"content_type": "code", "language": "unknown", "text": "print(2)"}
    output = {"content_type": "execution_output", "text": "2"}
    mapping = {
        "client-created-root": node("client-created-root", None, ["n1"], None),
        "n1": node(
            "n1", "client-created-root", ["n2"], said("system", "", at=None, metadata=hidden)
        ),
        "n2": node("n2", "n1", ["n3"], said("user", at=None, content=context, metadata=hidden)),
        "n3": node(
            "n3",
            "n2",
            ["n4", "x4"],
            said(
                "user",
                picture,
                "Where is\nthis?",
                content={
                    "content_type": "multimodal_text",
                    "parts": [picture, "Where is\nthis?"],
                },
            ),
        ),
        "x4": node("x4", "n3", [], said("assistant", "Rome.", at=BEGAN + 1, metadata=slug)),
        "n4": node("n4", "n3", ["n5"], said("assistant", at=BEGAN + 2, content=thoughts)),
        "n5": node(
            "n5", "n4", ["n6"], said("assistant", at=BEGAN + 3, content=code, recipient="python")
        ),
        "n6": node("n6", "n5", ["n7"], said("tool", at=BEGAN + 2, content=output, name="python")),
        # Before its question by the clock, as it happens there.
        "n7": node("n7", "n6", [], said("assistant", "Paris.", at=BEGAN - 5, metadata=slug)),
    }
    return {
        "title": "City in a picture",
        "create_time": BEGAN,
        "update_time": BEGAN + 60,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": "n7",
        "plugin_ids": None,
        "conversation_id": CONVERSATION,
        "conversation_template_id": None,
        "gizmo_id": None,
        "is_archived": False,
        "safe_urls": [],
        "default_model_slug": "gpt-4o",
        "id": CONVERSATION,
        **fields,
    }
