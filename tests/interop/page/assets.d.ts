declare module '*.worklet.js' {
    const source: string; // esbuild's text loader
    export default source;
}
