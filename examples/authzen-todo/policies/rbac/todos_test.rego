package rbac_test

import data.rbac

users := {
	"rick": {"email": "rick@example.com", "roles": ["admin", "evil_genius"]},
	"morty": {"email": "morty@example.com", "roles": ["editor"]},
	"beth": {"email": "beth@example.com", "roles": ["viewer"]},
}

ask(subject, action) := {
	"subject": {"type": "user", "id": subject},
	"action": {"name": action},
	"resource": {"type": "todo", "id": "todo-1"},
}

owned_by(request, email) := object.union(request, {"resource": {"properties": {"ownerID": email}}})

test_permitted[note] if {
	some note, request in {
		"everyone reads users": ask("beth", "can_read_user"),
		"everyone reads todos": ask("beth", "can_read_todos"),
		"administrators create": ask("rick", "can_create_todo"),
		"editors create": ask("morty", "can_create_todo"),
		"an evil genius updates what others own": owned_by(ask("rick", "can_update_todo"), "morty@example.com"),
		"editors update their own": owned_by(ask("morty", "can_update_todo"), "morty@example.com"),
		"administrators delete what others own": owned_by(ask("rick", "can_delete_todo"), "morty@example.com"),
		"editors delete their own": owned_by(ask("morty", "can_delete_todo"), "morty@example.com"),
	}
	rbac.allow with input as request with data.rbac.users as users
}

test_not_permitted[note] if {
	some note, request in {
		"viewers do not create": ask("beth", "can_create_todo"),
		"viewers do not update their own": owned_by(ask("beth", "can_update_todo"), "beth@example.com"),
		"editors do not update what others own": owned_by(ask("morty", "can_update_todo"), "rick@example.com"),
		"editors do not delete what others own": owned_by(ask("morty", "can_delete_todo"), "rick@example.com"),
		"an owner that is not named": ask("morty", "can_update_todo"),
		"an unknown user reads nothing": ask("birdperson", "can_read_todos"),
		"an unknown user owns nothing": owned_by(ask("birdperson", "can_update_todo"), "birdperson@example.com"),
		"another type of subject": object.union(ask("rick", "can_read_todos"), {"subject": {"type": "agent"}}),
		"an unknown action": ask("rick", "can_destroy_earth"),
		"nothing": {},
	}
	not rbac.allow with input as request with data.rbac.users as users
}
