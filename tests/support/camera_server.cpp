// Test cameras: an RTSP server on loopback (TCP and UDP) whose pictures come from a film clip, with the wall
// clock and the painted code in every frame. Each mount is encoded once, for all its clients, and only while
// it has some.
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <signal.h>
#include <sys/prctl.h>

#include <glib-unix.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/camera.h"

namespace mj::test {
namespace {

constexpr const char* kClip = "/usr/share/doc/opencv-doc/examples/data/vtest.avi";
constexpr const char* kRealm = "camera";

std::string encoder(const CameraOptions& options, int kbps) {
  const std::string gop = std::to_string(2 * options.fps);
  const std::string rate = std::to_string(kbps);
  if (options.codec == "h265") {
    return "x265enc tune=zerolatency speed-preset=ultrafast bitrate=" + rate + " key-int-max=" + gop +
           " option-string=\"pools=1:frame-threads=1:bframes=0\" ! rtph265pay name=pay0 pt=96 "
           "config-interval=-1";
  }
  return "x264enc tune=zerolatency speed-preset=superfast bframes=0 threads=1 sliced-threads=false bitrate=" +
         rate + " key-int-max=" + gop +
         " ! video/x-h264,profile=high ! rtph264pay name=pay0 pt=96 config-interval=-1";
}

std::string sound(const std::string& codec) {
  const std::string source =
      " audiotestsrc name=tone is-live=true wave=ticks samplesperbuffer=160 ! audio/x-raw,channels=1,rate=";
  if (codec == "alaw") return source + "8000 ! alawenc ! rtppcmapay name=pay1 pt=8";
  if (codec == "mulaw") return source + "8000 ! mulawenc ! rtppcmupay name=pay1 pt=0";
  if (codec == "aac") return source + "16000 ! avenc_aac bitrate=32000 ! rtpmp4gpay name=pay1 pt=97";
  return "";
}

/// One RTSP path of a camera. Lives as long as the process.
struct Mount {
  Camera* camera = nullptr;
  int width = 0, height = 0, kbps = 0;
  bool with_sound = false;
  std::string path;

  [[nodiscard]] std::string launch() const {
    const CameraOptions& options = camera->options();
    return "( appsrc name=video is-live=true format=time block=false max-bytes=0 ! " +
           encoder(options, kbps) + (with_sound ? sound(options.audio) : "") + " )";
  }
};

/// audiotestsrc says it can be rewound, so the server would seek before PLAY, and a camera's picture cannot
/// follow.
void forbid_seeking(GstElement* bin) {
  GstElement* tone = gst_bin_get_by_name_recurse_up(GST_BIN(bin), "tone");
  if (!tone) return;
  const auto answer = +[](GstPad*, GstPadProbeInfo* info, gpointer) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING) return GST_PAD_PROBE_OK;
    gst_query_set_seeking(query, GST_FORMAT_TIME, FALSE, 0, -1);
    return GST_PAD_PROBE_HANDLED;
  };
  GstPad* pad = gst_element_get_static_pad(tone, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, answer, nullptr, nullptr);
  gst_object_unref(pad);
  gst_object_unref(tone);
}

/// Hands the camera's pictures to an encoder for as long as its clients stay.
void on_configure(GstRTSPMediaFactory* /*factory*/, GstRTSPMedia* media, gpointer user_data) {
  auto* mount = static_cast<Mount*>(user_data);
  GstElement* bin = gst_rtsp_media_get_element(media);
  GstElement* source = gst_bin_get_by_name_recurse_up(GST_BIN(bin), "video");
  GstCaps* caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT,
                                      mount->width, "height", G_TYPE_INT, mount->height, "framerate",
                                      GST_TYPE_FRACTION, mount->camera->options().fps, 1, nullptr);
  gst_app_src_set_caps(GST_APP_SRC(source), caps);
  gst_caps_unref(caps);
  forbid_seeking(bin);
  mount->camera->attach(GST_APP_SRC(source), mount->width, mount->height);
  g_object_set_data_full(G_OBJECT(media), "source", source, gst_object_unref);
  const auto on_unprepared = +[](GstRTSPMedia* gone, gpointer data) {
    static_cast<Mount*>(data)->camera->detach(GST_APP_SRC(g_object_get_data(G_OBJECT(gone), "source")));
  };
  g_signal_connect(media, "unprepared", G_CALLBACK(on_unprepared), mount);
  gst_object_unref(bin);
}

// Cameras without a user are open even when others on the same port are not: the stock GstRTSPAuth knows one
// rule for all.
struct OpenPathsAuth {
  GstRTSPAuth parent;
};
struct OpenPathsAuthClass {
  GstRTSPAuthClass parent;
};
std::set<std::string>& open_paths() {
  static std::set<std::string> paths;
  return paths;
}

G_DEFINE_TYPE(OpenPathsAuth, open_paths_auth, GST_TYPE_RTSP_AUTH)

gboolean check_access(GstRTSPAuth* auth, GstRTSPContext* context, const gchar* check) {
  const std::string path = context->uri ? context->uri->abspath : "";
  for (const std::string& open : open_paths()) {
    if (path == open || path.rfind(open + "/stream=", 0) == 0) return TRUE;
  }
  return GST_RTSP_AUTH_CLASS(open_paths_auth_parent_class)->check(auth, context, check);
}

void open_paths_auth_class_init(OpenPathsAuthClass* type) {
  type->parent.check = check_access;
}
void open_paths_auth_init(OpenPathsAuth* /*auth*/) {}

/// Both Basic and Digest are offered, as cameras do. The role is the camera's name.
void add_user(GstRTSPAuth* auth, const CameraOptions& options) {
  GstRTSPToken* token =
      gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, options.name.c_str(), nullptr);
  gchar* basic = gst_rtsp_auth_make_basic(options.user.c_str(), options.password.c_str());
  gst_rtsp_auth_add_basic(auth, basic, token);
  gst_rtsp_auth_add_digest(auth, options.user.c_str(), options.password.c_str(), token);
  g_free(basic);
  gst_rtsp_token_unref(token);
}

GstRTSPLowerTrans transports(const std::string& only) {
  if (only == "tcp") return GST_RTSP_LOWER_TRANS_TCP;
  if (only == "udp") return GST_RTSP_LOWER_TRANS_UDP;
  return static_cast<GstRTSPLowerTrans>(GST_RTSP_LOWER_TRANS_TCP | GST_RTSP_LOWER_TRANS_UDP);
}

void add_mount(GstRTSPMountPoints* mounts, Mount* mount) {
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, mount->launch().c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  gst_rtsp_media_factory_set_latency(factory, 0);
  const CameraOptions& options = mount->camera->options();
  gst_rtsp_media_factory_set_protocols(factory, transports(options.only));
  if (options.user.empty()) {
    open_paths().insert(mount->path);
  } else {
    gst_rtsp_media_factory_add_role(factory, options.name.c_str(), GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, nullptr);
  }
  g_signal_connect(factory, "media-configure", G_CALLBACK(on_configure), mount);
  gst_rtsp_mount_points_add_factory(mounts, mount->path.c_str(), factory);
}

/// Owns everything from the command line to the end of the process.
class CameraServer {
 public:
  [[nodiscard]] Result<void> add(const std::string& text, const std::string& clip) {
    MJ_TRY(CameraOptions options, parse_camera(text));
    if (options.skip_frames == 0) options.skip_frames = static_cast<int>(cameras_.size()) * 230;
    MJ_TRY(auto camera, Camera::create(options, clip));
    const bool sound = !options.audio.empty();
    mounts_.push_back(std::make_unique<Mount>(
        Mount{camera.get(), options.width, options.height, options.kbps, sound, "/" + options.name}));
    if (options.sub_width > 0) {
      mounts_.push_back(std::make_unique<Mount>(Mount{camera.get(), options.sub_width, options.sub_height,
                                                      options.kbps / 4, false, "/" + options.name + "/sub"}));
    }
    cameras_.push_back(std::move(camera));
    return {};
  }

  [[nodiscard]] Result<void> listen(int port) {
    server_ = gst_rtsp_server_new();
    gst_rtsp_server_set_address(server_, "127.0.0.1");
    gst_rtsp_server_set_service(server_, std::to_string(port).c_str());
    add_mounts();
    if (gst_rtsp_server_attach(server_, nullptr) == 0) {
      return fail(ErrorKind::unavailable, "port {} of 127.0.0.1 is in use", port);
    }
    const auto clean_sessions = +[](gpointer server) -> gboolean {
      GstRTSPSessionPool* pool = gst_rtsp_server_get_session_pool(static_cast<GstRTSPServer*>(server));
      gst_rtsp_session_pool_cleanup(pool);
      g_object_unref(pool);
      return G_SOURCE_CONTINUE;
    };
    g_timeout_add_seconds(2, clean_sessions, server_);
    return {};
  }

  void announce() const {
    const std::string base = "rtsp://127.0.0.1:" + std::to_string(gst_rtsp_server_get_bound_port(server_));
    std::cout << "listening on " << base << "\n";
    for (const auto& mount : mounts_) std::cout << "mount " << base << mount->path << "\n";
    std::cout << std::flush;
  }

 private:
  void add_mounts() {
    GstRTSPMountPoints* points = gst_rtsp_server_get_mount_points(server_);
    for (const auto& mount : mounts_) add_mount(points, mount.get());
    g_object_unref(points);

    auto* auth = GST_RTSP_AUTH(g_object_new(open_paths_auth_get_type(), nullptr));
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    gst_rtsp_auth_set_realm(auth, kRealm);
    for (const auto& camera : cameras_) {
      if (!camera->options().user.empty()) add_user(auth, camera->options());
    }
    gst_rtsp_server_set_auth(server_, auth);
    g_object_unref(auth);
  }

  std::vector<std::unique_ptr<Camera>> cameras_;
  std::vector<std::unique_ptr<Mount>> mounts_;
  GstRTSPServer* server_ =
      nullptr;  // not freed: its clients' threads may still be in it when the process ends
};

int run(CameraServer& server, int port, const std::vector<std::string>& cameras, const std::string& clip) {
  for (const std::string& text : cameras) {
    if (const auto added = server.add(text, clip); !added) {
      std::cerr << added.error().message << "\n";
      return 2;
    }
  }
  if (const auto listening = server.listen(port); !listening) {
    std::cerr << listening.error().message << "\n";
    return 1;
  }
  server.announce();
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const auto quit = +[](gpointer data) -> gboolean {
    g_main_loop_quit(static_cast<GMainLoop*>(data));
    return G_SOURCE_CONTINUE;
  };
  g_unix_signal_add(SIGTERM, quit, loop);
  g_unix_signal_add(SIGINT, quit, loop);
  g_main_loop_run(loop);
  g_main_loop_unref(loop);
  return 0;
}

}  // namespace
}  // namespace mj::test

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  CLI::App app("Test cameras: RTSP on loopback, with time painted into every frame");
  int port = 0;
  std::vector<std::string> cameras;
  std::string clip = mj::test::kClip;
  app.add_option("--port", port, "TCP port; 0: any free one")->check(CLI::Range(0, 65535));
  app.add_option("--camera", cameras,
                 "name=w1[,width=1280,height=720,fps=10,kbps=1500,sub=640x360,codec=h264|h265,audio=alaw|"
                 "mulaw|aac,only=tcp|udp,"
                 "user=U,password=P,mirror=1,skip=FRAMES,stop_after=FRAMES]")
      ->required()
      ->delimiter(';');
  app.add_option("--clip", clip, "the film");
  CLI11_PARSE(app, argc, argv);
  gst_init(nullptr, nullptr);
  // Never destroyed: ending the process is cheaper and surer than unwinding a media server's threads.
  static auto& server = *std::make_unique<mj::test::CameraServer>().release();
  const int status = mj::test::run(server, port, cameras, clip);
  std::cout << std::flush;
  _exit(status);
}
