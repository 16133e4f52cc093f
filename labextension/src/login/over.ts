import { LOGIN_OVER_CODES } from '../api/error';

/**
 * Read why a log-in is over.
 *
 * @param response - Any answer of the server; its body stays unread.
 * @returns The reason, or null when the person is logged in.
 */
export async function whyOver(response: Response): Promise<string | null> {
  if (response.status !== 403) {
    return null;
  }
  try {
    const body = (await response.clone().json()) as { code?: unknown; message?: unknown };
    return LOGIN_OVER_CODES.includes(String(body.code)) ? String(body.message) : null;
  } catch {
    return null;
  }
}

/**
 * Whether a request asks how one kernel is. JupyterLab takes any refusal of it for the kernel's death, and only
 * "unavailable" for a reason to ask again later.
 *
 * @param request - Any request to the server.
 */
export function asksAfterKernel(request: Request): boolean {
  return request.method === 'GET' && /\/api\/kernels\/[\w-]+$/.test(new URL(request.url).pathname);
}
