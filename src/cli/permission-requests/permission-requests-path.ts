/** Where a server keeps permission requests. */
export const PERMISSION_REQUESTS_PATH = '/api/v1/permission-requests'

/** Where it keeps one of them. */
export function permissionRequestPath(id: string): string {
  return `${PERMISSION_REQUESTS_PATH}/${encodeURIComponent(id)}`
}
