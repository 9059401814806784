/**
 * The evaluation of the trust model in made-up worlds. It is loaded when `gradus simulate trust` runs and never before, so that no other
 * command and no server has it in memory.
 */
export async function loadTrustWorlds() {
  const [{ evaluateTrust }, { pictureOf }, { POLICIES }, { DEFAULT_SETTING, SETTING_RANGES }, { WORLDS }] = await Promise.all([
    import('../../labs/trust-worlds/evaluation.ts'),
    import('../../labs/trust-worlds/picture.ts'),
    import('../../labs/trust-worlds/policies.ts'),
    import('../../labs/trust-worlds/setting.ts'),
    import('../../labs/trust-worlds/worlds.ts'),
  ])
  return { evaluateTrust, pictureOf, POLICIES, DEFAULT_SETTING, SETTING_RANGES, WORLDS }
}

/** What the evaluation offers to the command line. */
export type TrustWorlds = Awaited<ReturnType<typeof loadTrustWorlds>>
