/** Why a bundle, a tool run or a policy could not be used. */
export type BundleErrorCode =
  | 'bundle_unreadable'
  | 'bundle_too_large'
  | 'bundle_path'
  | 'bundle_duplicate'
  | 'data_invalid'
  | 'manifest_invalid'
  | 'policy_missing'
  | 'policy_invalid'
  | 'builtin_missing'
  | 'builtin_refused'
  | 'tool_missing'
  | 'tool_version'
  | 'build_failed'
  | 'sources_missing'

/** A bundle that cannot be loaded or built: names the place (bundle and file) and what to do about it. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly code: BundleErrorCode
  readonly place: string
  readonly fix: string

  constructor(code: BundleErrorCode, place: string, message: string, fix: string) {
    super(`${place}: ${message}`)
    this.code = code
    this.place = place
    this.fix = fix
  }
}
