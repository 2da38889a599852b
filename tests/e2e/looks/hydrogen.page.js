// Hydrogen, Element's light Matrix client, logs in and shows one room.
import {
  Client, FeatureSet, LoadStatus, Platform, RoomViewModel, TimelineView, createNavigation, createRouter, viewClassForTile,
} from "hydrogen-view-sdk";

const { homeserver, user, password, room: roomId } = window.wanted;
const app = document.querySelector("#app");
const assets = "/assets/";
const platform = new Platform({
  container: app,
  assetPaths: { downloadSandbox: `${assets}download-sandbox.html`, worker: `${assets}main.js`, olm: { wasm: "/olm/olm.wasm", legacyBundle: "/olm/olm_legacy.js", wasmBundle: "/olm/olm.js" }, serviceWorker: "/sw.js" },
  config: {},
  options: { development: true },
});
const navigation = createNavigation();
platform.setNavigation(navigation);
await platform.init();
const urlRouter = createRouter({ navigation, history: platform.history });
urlRouter.attach();
const client = new Client(platform);
const login = await client.queryLogin(homeserver).result;
client.startWithLogin(login.password(user, password));
const ended = [LoadStatus.Ready, LoadStatus.Error, LoadStatus.LoginFailed];
await client.loadStatus.waitFor((status) => ended.includes(status)).promise;
if (client.loadStatus.get() !== LoadStatus.Ready) {
  throw client.loadError ?? new Error(`login: ${client.loginFailure}`);
}
const features = await FeatureSet.load(platform.settingsStorage);
const model = new RoomViewModel({
  room: client.session.rooms.get(roomId), ownUserId: client.session.userId, platform, urlRouter, navigation, features,
});
await model.load();
app.appendChild(new TimelineView(model.timelineViewModel, viewClassForTile).mount());
