# METADATA
# title: AuthZEN interoperability scenario "Todo"
# description: Who may read users and todos, and who may create, update and delete a todo.
# scope: package
package rbac

# METADATA
# title: Allow
# description: Whether the scenario permits the request.
# entrypoint: true
default allow := false

allow if {
	input.action.name in {"can_read_user", "can_read_todos"}
	user
}

allow if {
	input.action.name == "can_create_todo"
	some role in {"admin", "editor"}
	role in user.roles
}

allow if {
	input.action.name == "can_update_todo"
	"evil_genius" in user.roles
}

allow if {
	input.action.name == "can_delete_todo"
	"admin" in user.roles
}

allow if {
	input.action.name in {"can_update_todo", "can_delete_todo"}
	"editor" in user.roles
	owns_todo
}

# METADATA
# description: The known user who asks; undefined for anybody else.
user := data.rbac.users[input.subject.id] if input.subject.type == "user"

# METADATA
# description: The todo belongs to the user who asks.
default owns_todo := false

owns_todo if input.resource.properties.ownerID == user.email
