// The parts of fengari that tests use; the package has no types.
declare module 'fengari' {
  type State = object;
  export const lua: { lua_tojsstring(state: State, index: number): string };
  export const lauxlib: {
    luaL_newstate(): State;
    /** False if the code ran. */
    luaL_dostring(state: State, code: Uint8Array): boolean;
  };
  export const lualib: { luaL_openlibs(state: State): void };
  export function to_luastring(text: string): Uint8Array;
}
