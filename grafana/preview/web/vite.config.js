import {defineConfig} from 'vite';

export default defineConfig({
  // classic React calls: no plugin is needed
  esbuild: {jsx: 'automatic'},
  define: {'process.env.NODE_ENV': '"production"', 'process.env': '{}'},
  build: {chunkSizeWarningLimit: 20000, reportCompressedSize: false},
  logLevel: 'warn',
});
