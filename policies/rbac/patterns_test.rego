package rbac_test

import data.rbac

test_matches[note] if {
	some [pattern, id] in [
		["a", "a"],
		["a/b", "a/b"],
		["*", "a"],
		["a/*", "a/b"],
		["a*", "a"],
		["a*/c", "abc/c"],
		["**", "a"],
		["**", "a/b/c"],
		["**", "/a/b"],
		["a/**", "a"],
		["a/**", "a/b"],
		["a/**", "a/b/c"],
		["/a/**", "/a/b"],
		["/**", "/a/b"],
		["**/c", "c"],
		["**/c", "a/b/c"],
		["a/**/c", "a/c"],
		["a/**/c", "a/b/b/c"],
		["a/**/c/d*", "a/b/c/def"],
		["**/b/**", "b"],
		["**/b/**", "a/b/c"],
		["**/b/**", "/a/a/b"],
		["**/b/c/**", "a/b/c/d"],
		["a/**/b/**/c", "a/x/b/c"],
		["a/**/b/**/c", "a/b/y/c"],
	]
	note := $"{pattern} matches {id}"
	rbac.matches(pattern, split(id, "/"))
}

test_does_not_match[note] if {
	some [pattern, id] in [
		["a", "b"],
		["a", "A"],
		["a", "a/b"],
		["a", ""],
		["*", ""],
		["*", "a/b"],
		["*", "/a"],
		["a/*", "a"],
		["a/*", "a/"],
		["a/*", "a/b/c"],
		["a*", "ba"],
		["*a", "ba"],
		["a/**", "b"],
		["/**", "a/b"],
		["a/**", "ab/c"],
		["a/**", "/a/b"],
		["**/c", "a/cc"],
		["a/**/c", "a"],
		["a/**/a", "a"],
		["a/**/c", "a/b"],
		["**/b/**", "a/bb/c"],
		["**/b/c/**", "a/b/d/c"],
		["a/**/b/**/c", "a/b"],
		["a/**/b/**/c", "b/a/c"],
		["a**", "ab"],
		["**//a", "a"],
		["**/a/**/b/**", "a/b"],
	]
	note := $"{pattern} does not match {id}"
	not rbac.matches(pattern, split(id, "/"))
}

test_readable_patterns[pattern] if {
	some pattern in ["a", "a/b*", "*", "**", "a/**/b/**", "**/a/*/b*/**", "/a"]
	rbac.pattern_is_readable(pattern)
}

test_unreadable_patterns[pattern] if {
	some pattern in ["*a", "a*b", "a**", "**a", "***", "**/**", "a/**/b/**/c/**", "a//b", "**//a"]
	not rbac.pattern_is_readable(pattern)
}

test_shipped_patterns_are_readable if {
	every role in data.rbac.config.roles {
		every entry in object.get(role, "permissions", []) {
			every pattern in rbac.patterns_of(entry) {
				rbac.pattern_is_readable(pattern)
			}
		}
	}
	every entry in data.rbac.config.forbids {
		every pattern in rbac.patterns_of(entry) {
			rbac.pattern_is_readable(pattern)
		}
	}
}

test_plain_ids[id] if {
	some id in ["a", "a/b", "/a/b", "a.b/..c/d..", "50% off", "a b", "münchen/straße", "contact:1@example.com"]
	rbac.resource_is_plain with input as {"resource": {"id": id}}
}

test_ids_that_are_not_plain[id] if {
	some id in [
		"",
		"/",
		"a/",
		"a//b",
		"//a",
		".",
		"..",
		"a/./b",
		"a/../b",
		"a/..",
		"../a",
		"/../a",
		"a\\b",
		"a%2fb",
		"a%2Fb",
		"a%5cb",
		"%2e%2e/a",
		"a/%2E./b",
		"a%252fb",
	]
	not rbac.resource_is_plain with input as {"resource": {"id": id}}
}

test_missing_id_is_not_plain if {
	not rbac.resource_is_plain with input as {"resource": {"type": "document"}}
	not rbac.resource_is_plain with input as {"resource": {"id": 7}}
}
