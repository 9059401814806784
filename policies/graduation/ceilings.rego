# METADATA
# title: Graduation
# description: >-
#   Trust and risk say how much of what the base allows may happen now. Every ceiling can only lower the decision.
# scope: package
# schemas:
#   - input: schema.graduation_input
package graduation

# METADATA
# title: Ceilings
# description: >-
#   The ceilings of the graduation bundle, to be met in any order. Trust, risk and category are there exactly once for
#   any input; without one of them there are no ceilings, which denies. One rule collects all of them, so that none can
#   be taken out unnoticed. A list, because sets of objects cost WebAssembly twice the time.
# entrypoint: true
ceilings := array.concat(
	[trust_ceiling, risk_ceiling, category_ceiling],
	array.concat(context_ceilings, guardrails_ceilings),
)
