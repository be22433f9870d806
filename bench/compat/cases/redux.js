// npm: @reduxjs/toolkit@2.15.0
import { configureStore, createSlice, createAsyncThunk } from "@reduxjs/toolkit";
const load = createAsyncThunk("load", async (n) => n * 2);
const s = createSlice({ name: "c", initialState: { n: 0 }, reducers: { add: (st, a) => { st.n += a.payload; } }, extraReducers: (b) => b.addCase(load.fulfilled, (st, a) => { st.n += a.payload; }) });
export default async () => { const store = configureStore({ reducer: s.reducer }); store.dispatch(s.actions.add(3)); await store.dispatch(load(4)); return Response.json(store.getState()); };
