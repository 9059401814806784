# The organisation that the tests of this folder work with.
package rbac_test

config := {
	"roles": {
		"reader": {"permissions": [{"actions": ["read"], "resources": [{"type": "document", "id": "**"}]}]},
		"writer": {
			"inherits": ["reader"],
			"permissions": [{"actions": ["write", "mail/send_*"], "resources": [{"type": "document", "id": "drafts/*"}]}],
		},
		"chicken": {"inherits": ["egg"]},
		"egg": {
			"inherits": ["chicken"],
			"permissions": [{"actions": ["hatch"], "resources": [{"type": "*", "id": "**"}]}],
		},
		"auditor": {"inherits": ["reader", "nobody_described_this"]},
	},
	"forbids": [
		{
			"reason": "salaries are for auditors",
			"actions": ["**"],
			"resources": [{"type": "document", "id": "salaries/**"}],
			"unless": [{"role": "auditor"}],
		},
		{
			"reason": "writers write with a ticket",
			"roles": ["writer"],
			"actions": ["write"],
			"resources": [{"type": "*", "id": "**"}],
			"unless": [
				{"attribute": ["facts", "ticket"], "begins": "ticket-"},
				{"attribute": ["facts", "environment"], "values": ["test"]},
			],
		},
	],
	"assignments": {"acme": {"agent": {
		"ann": ["writer"],
		"bea": ["reader"],
		"cleo": ["auditor"],
		"dora": ["chicken"],
		"edna": ["nobody_described_this"],
	}}},
}

ask(subject, action, resource) := {
	"tenant": "acme",
	"subject": {"type": "agent", "id": subject},
	"action": {"name": action},
	"resource": {"type": "document", "id": resource},
	"facts": {"ticket": "ticket-1"},
}
