#include "capture/agent/encoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <openssl/evp.h>

#include <mutex>

namespace mj::agent {

namespace {

constexpr GstClockTime kPatience = 10 * GST_SECOND;

// Colorimetry 1:3:5:1 is full range, BT.709 matrix, transfer and primaries. The agent decides which pictures
// are keys (Cadence), so x264 may not: its own limit is only a net, and it does not look for scene cuts.
constexpr const char* kPipeline =
    "appsrc name=in format=time max-buffers=1 "
    "! videoconvert ! video/x-raw,format=Y444,colorimetry=1:3:5:1 "
    "! x264enc name=x264 pass=quant quantizer=0 speed-preset=veryfast tune=zerolatency threads=1 bframes=0 "
    "key-int-max=600 "
    "byte-stream=false option-string=scenecut=0 "
    "! video/x-h264,profile=high-4:4:4,stream-format=avc,alignment=au "
    "! appsink name=out sync=false max-buffers=2";

using UniqueDigest = std::unique_ptr<EVP_MD_CTX, GstFree<EVP_MD_CTX, EVP_MD_CTX_free>>;

/// Rows without their padding, so that anybody who decodes the picture can compute the same digest.
std::string digest_of(GstVideoFrame& frame) {
  const UniqueDigest digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); ++plane) {
    const auto* row = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    const auto width = static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_WIDTH(&frame, plane));
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane); ++y) {
      EVP_DigestUpdate(digest.get(), row, width);
      row += GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
    }
  }
  Digest result{};
  EVP_DigestFinal_ex(digest.get(), result.data(), nullptr);
  return to_hex(result);
}

Bytes bytes_of(GstBuffer* buffer) {
  Bytes bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  return bytes;
}

std::string codec_data(GstCaps* caps) {
  const GValue* value = gst_structure_get_value(gst_caps_get_structure(caps, 0), "codec_data");
  if (value == nullptr || !GST_VALUE_HOLDS_BUFFER(value)) return {};
  const Bytes bytes = bytes_of(gst_value_get_buffer(value));
  return std::string(as_text(bytes));
}

}  // namespace

struct Encoder::Impl {
  Result<void> start(GstCaps* picture_caps);
  static GstPadProbeReturn on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  Result<void> push(const Picture& picture, bool force_key);

  UniqueCaps caps;  ///< of the pictures that fit
  UniqueElement source, sink;
  std::mutex mutex;
  std::string input_sha256;  ///< of the picture now in the encoder; guarded by mutex, written by the
                             ///< pipeline's thread
  uint64_t pictures = 0;
  UniquePipeline pipeline;  ///< last: stopped before what its thread touches goes away
};

GstPadProbeReturn Encoder::Impl::on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  const std::unique_ptr<GstCaps, GstFree<GstCaps, gst_caps_unref>> caps(gst_pad_get_current_caps(pad));
  GstVideoInfo video;
  GstVideoFrame frame;
  std::string digest;
  if (caps && gst_video_info_from_caps(&video, caps.get()) &&
      gst_video_frame_map(&frame, &video, GST_PAD_PROBE_INFO_BUFFER(info), GST_MAP_READ)) {
    digest = digest_of(frame);
    gst_video_frame_unmap(&frame);
  }
  auto& impl = *static_cast<Impl*>(self);
  const std::lock_guard lock(impl.mutex);
  impl.input_sha256 = std::move(digest);
  return GST_PAD_PROBE_OK;
}

Result<void> Encoder::Impl::start(GstCaps* picture_caps) {
  MJ_TRY(pipeline, parse_pipeline(kPipeline));
  caps.reset(gst_caps_ref(picture_caps));
  source.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  sink.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  gst_app_src_set_caps(GST_APP_SRC(source.get()), caps.get());

  const UniqueElement x264(gst_bin_get_by_name(GST_BIN(pipeline.get()), "x264"));
  const std::unique_ptr<GstPad, GstFree<void, gst_object_unref>> input(
      gst_element_get_static_pad(x264.get(), "sink"));
  gst_pad_add_probe(input.get(), GST_PAD_PROBE_TYPE_BUFFER, on_input, this, nullptr);
  if (gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return tl::unexpected(bus_error(pipeline.get(), "the encoder does not start").within("encoder"));
  }
  return {};
}

Result<void> Encoder::Impl::push(const Picture& picture, bool force_key) {
  if (force_key && pictures > 0) {
    GstEvent* event = gst_video_event_new_downstream_force_key_unit(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE,
                                                                    GST_CLOCK_TIME_NONE, TRUE, 0);
    if (!gst_element_send_event(source.get(), event))
      return fail(ErrorKind::internal, "encoder: no key frame can be forced");
  }
  // Only the order of the time stamps matters here: a shot's time travels beside it.
  UniqueBuffer buffer(gst_buffer_copy(gst_sample_get_buffer(picture.sample.get())));
  GST_BUFFER_PTS(buffer.get()) = pictures * GST_SECOND;
  GST_BUFFER_DURATION(buffer.get()) = GST_SECOND;
  ++pictures;
  if (gst_app_src_push_buffer(GST_APP_SRC(source.get()), buffer.release()) != GST_FLOW_OK) {
    return tl::unexpected(bus_error(pipeline.get(), "the picture was refused").within("encoder"));
  }
  return {};
}

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::~Encoder() = default;

Result<std::unique_ptr<Encoder>> Encoder::create(const Picture& like) {
  auto impl = std::make_unique<Impl>();
  MJ_CHECK(impl->start(gst_sample_get_caps(like.sample.get())));
  return std::unique_ptr<Encoder>(new Encoder(std::move(impl)));
}

bool Encoder::fits(const Picture& picture) const {
  return gst_caps_is_equal(impl_->caps.get(), gst_sample_get_caps(picture.sample.get())) != FALSE;
}

Result<EncodedPicture> Encoder::encode(const Picture& picture, bool force_key) {
  if (!fits(picture)) return fail(ErrorKind::internal, "encoder: a picture of another format");
  const bool must_be_key = force_key || impl_->pictures == 0;
  MJ_CHECK(impl_->push(picture, force_key));
  const UniqueSample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(impl_->sink.get()), kPatience));
  if (!sample)
    return tl::unexpected(bus_error(impl_->pipeline.get(), "no output within 10 s").within("encoder"));

  EncodedPicture encoded;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  encoded.key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  encoded.access_unit = bytes_of(buffer);
  encoded.avc_config = codec_data(gst_sample_get_caps(sample.get()));
  const std::lock_guard lock(impl_->mutex);
  encoded.input_sha256 = std::exchange(impl_->input_sha256, {});
  if (encoded.avc_config.empty() || encoded.input_sha256.empty() || (must_be_key && !encoded.key)) {
    return fail(ErrorKind::internal, "encoder: incomplete output");
  }
  return encoded;
}

}  // namespace mj::agent
