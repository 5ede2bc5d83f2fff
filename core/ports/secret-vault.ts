/** Keeps the secret that wraps a data key where a copy of the data folder does not take it along. */
export interface SecretVault {
  readonly holder: 'tpm';
  /**
   * The secret of this data folder. It is made where there is none yet, and never for a folder that has `begun`: its
   * data key is wrapped already, by something else. Called under the lock of the folder.
   * Errors: NOT_ALLOWED (begun without it), NOT_FOUND (no tools, no chip), BAD_INPUT (another chip's, damaged).
   */
  open(folder: { readonly begun: boolean }): Promise<string>;
}
