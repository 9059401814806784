package system.log_test

import data.system.log

test_secrets_in_arguments_are_masked if {
	found := log.mask with input as {"decision_id": "1", "input": {"action": {"properties": {"arguments": {
		"user": "ann",
		"password": "p",
		"token": 1,
		"Secret": null,
		"Authorization": ["Bearer x"],
		"api_key": {"value": "k"},
	}}}}}
	found == {
		"/input/action/properties/arguments/password",
		"/input/action/properties/arguments/token",
		"/input/action/properties/arguments/Secret",
		"/input/action/properties/arguments/Authorization",
		"/input/action/properties/arguments/api_key",
	}
}

test_names_of_secrets[name] if {
	some name in [
		"password",
		"DB_PASSWORD",
		"newPassword",
		"accessToken",
		"refresh-token",
		"client_secret",
		"X-Api-Key",
		"apiKey",
		"aws.secret.access.key",
		"Proxy-Authorization",
		"Set-Cookie",
		"private_key",
	]
	log.is_secret(name)
}

test_names_of_other_things[name] if {
	some name in ["user", "max_tokens", "key", "primary_key", "secretary", "passwordless", "cookies_accepted", ""]
	not log.is_secret(name)
}

test_secrets_are_found_at_any_depth if {
	found := log.mask with input as {"input": {"a": [{"b": 1}, {"c": {"password": 1}}]}}
	found == {"/input/a/1/c/password"}
}

test_secret_inside_a_secret_is_masked_with_it if {
	found := log.mask with input as {"input": {"credentials": {"password": 1, "list": [{"token": 1}]}}}
	found == {"/input/credentials"}
}

test_pointer_is_escaped if {
	found := log.mask with input as {"input": {"a/b~c": {"x~/token": 1}}}
	found == {"/input/a~1b~0c/x~0~1token"}
}

test_without_secrets_nothing_is_masked if {
	found := log.mask with input as {"input": {"a": [1, {"b": "password"}]}}
	found == set()
}

test_without_input_nothing_is_masked[index] if {
	some index, value in [{}, {"input": null}, {"input": "password"}, null, 1]
	found := log.mask with input as value
	found == set()
}
