/** undici has its types for all of it alone. Every file of it may be imported: its package.json names no `exports`. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}
