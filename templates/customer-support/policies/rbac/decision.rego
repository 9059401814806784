# METADATA
# title: What may ever happen
# description: >-
#   The upper bound of every decision. An agent may do what data.yaml grants it; customer data only while it works on a ticket, and
#   nothing at all for a customer who objected to being served by an agent.
# scope: package
# schemas:
#   - input: schema.base_input
package rbac

# METADATA
# title: Decision
# description: The base decision with its reason.
# entrypoint: true
decision := {"outcome": "deny", "reason": concat("; ", sort(forbids))} if {
	count(forbids) > 0
} else := {"outcome": "allow", "reason": $"granted to {input.subject.id}"} if {
	granted
} else := {"outcome": "deny", "reason": "nothing grants this"}

# METADATA
# description: One of the agent's grants covers action and type of resource.
default granted := false

granted if {
	input.subject.type == "agent"
	some grant in data.rbac.grants[input.subject.id]
	input.action.name in grant.actions
	input.resource.type == grant.type
}

# METADATA
# description: Why the request is forbidden, whatever is granted; empty when it is not.
forbids contains "customer data is only touched while working on a ticket" if {
	input.action.name in data.rbac.ticket_only
	not works_on_ticket
}

forbids contains "this customer is served by people" if input.resource.id in data.rbac.people_only

# METADATA
# description: >-
#   The enforcement point vouches for a ticket. What makes a decision milder comes from `input.facts`, which holds only what the
#   caller is believed; anybody can put a ticket into `input.context`.
works_on_ticket if {
	ticket := object.get(input.facts, "ticket", "")
	startswith(ticket, "ticket-")
	ticket != "ticket-"
}
