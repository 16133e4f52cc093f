import type { TranslationBundle } from '@jupyterlab/translation';
import type { Role } from '../api';

/**
 * The word for a role.
 *
 * @param role - The role.
 * @param trans - Translates.
 */
export function roleName(role: Role, trans: TranslationBundle): string {
  switch (role) {
    case 'researcher':
      return trans.__('researcher');
    case 'leader':
      return trans.__('project leader');
    case 'viewer':
      return trans.__('viewer');
    case 'checker':
      return trans.__('checker');
    case 'admin':
      return trans.__('admin');
  }
}
