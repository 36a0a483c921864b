#include "capture/agent/encoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <openssl/evp.h>

#include "capture/agent/colour.h"

namespace mj::agent {

namespace {

constexpr GstClockTime kPatience = 10 * GST_SECOND;

// The agent decides which pictures are keys (Cadence), so x264 may not: its own limit is only a net, and it
// does not look for scene cuts.
constexpr const char* kPipeline =
    "appsrc name=in format=time max-buffers=1 "
    "! x264enc pass=quant quantizer=0 speed-preset=veryfast tune=zerolatency threads=1 bframes=0 "
    "key-int-max=600 "
    "byte-stream=false option-string=scenecut=0 "
    "! video/x-h264,profile=high-4:4:4,stream-format=avc,alignment=au "
    "! appsink name=out sync=false max-buffers=2";

using UniqueDigest = std::unique_ptr<EVP_MD_CTX, GstFree<EVP_MD_CTX, EVP_MD_CTX_free>>;

/// A picture's memory while it is looked at.
class MappedFrame {
 public:
  MappedFrame(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags)
      : good_(gst_video_frame_map(&frame_, const_cast<GstVideoInfo*>(&info), buffer, flags) != FALSE) {}
  ~MappedFrame() {
    if (good_) gst_video_frame_unmap(&frame_);
  }
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] uint8_t* row(guint plane, int y) const {
    return static_cast<uint8_t*>(frame_.data[plane]) + std::ptrdiff_t{y} * frame_.info.stride[plane];
  }

 private:
  GstVideoFrame frame_;
  const bool good_;
};

/// Rows without their padding, so that anybody who decodes the picture can compute the same digest.
std::string digest_of(const MappedFrame& yuv, int width, int height) {
  const UniqueDigest digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  for (guint plane = 0; plane < 3; ++plane) {
    for (int y = 0; y < height; ++y)
      EVP_DigestUpdate(digest.get(), yuv.row(plane, y), static_cast<std::size_t>(width));
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
  Result<void> start(const Picture& like);
  Result<UniqueBuffer> convert(const Picture& picture, std::string& sha256);
  Result<void> push(UniqueBuffer input, bool force_key);

  UniqueCaps caps;     ///< of the pictures that fit
  GstVideoInfo input;  ///< of the encoder
  UniqueElement source, sink;
  uint64_t pictures = 0;
  UniquePipeline pipeline;
};

Result<void> Encoder::Impl::start(const Picture& like) {
  caps.reset(gst_caps_ref(gst_sample_get_caps(like.sample.get())));
  gst_video_info_set_format(&input, GST_VIDEO_FORMAT_Y444, static_cast<guint>(like.width),
                            static_cast<guint>(like.height));
  gst_video_colorimetry_from_string(&input.colorimetry,
                                    "1:3:5:1");  // full range; matrix, transfer, primaries of BT.709
  input.fps_n = 1;
  MJ_TRY(pipeline, parse_pipeline(kPipeline));
  source.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  sink.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  const UniqueCaps input_caps(gst_video_info_to_caps(&input));
  gst_app_src_set_caps(GST_APP_SRC(source.get()), input_caps.get());
  if (gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return tl::unexpected(bus_error(pipeline.get(), "the encoder does not start").within("encoder"));
  }
  return {};
}

/// The encoder's input and its digest.
Result<UniqueBuffer> Encoder::Impl::convert(const Picture& picture, std::string& sha256) {
  UniqueBuffer buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&input), nullptr));
  if (!buffer) return fail(ErrorKind::no_space, "encoder: no memory");
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps.get()))
    return fail(ErrorKind::internal, "encoder: not a raw picture");
  const MappedFrame rgb(info, gst_sample_get_buffer(picture.sample.get()), GST_MAP_READ);
  const MappedFrame yuv(input, buffer.get(), GST_MAP_WRITE);
  if (!rgb.good() || !yuv.good()) return fail(ErrorKind::internal, "encoder: a picture cannot be mapped");
  for (int y = 0; y < picture.height; ++y) {
    bgrx_to_yuv444(rgb.row(0, y), picture.width, yuv.row(0, y), yuv.row(1, y), yuv.row(2, y));
  }
  sha256 = digest_of(yuv, picture.width, picture.height);
  return buffer;
}

Result<void> Encoder::Impl::push(UniqueBuffer buffer, bool force_key) {
  if (force_key && pictures > 0) {
    GstEvent* event = gst_video_event_new_downstream_force_key_unit(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE,
                                                                    GST_CLOCK_TIME_NONE, TRUE, 0);
    if (!gst_element_send_event(source.get(), event))
      return fail(ErrorKind::internal, "encoder: no key frame can be forced");
  }
  // Only the order of these time stamps matters: a shot's time travels beside it.
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
  MJ_CHECK(impl->start(like));
  return std::unique_ptr<Encoder>(new Encoder(std::move(impl)));
}

bool Encoder::fits(const Picture& picture) const {
  return gst_caps_is_equal(impl_->caps.get(), gst_sample_get_caps(picture.sample.get())) != FALSE;
}

Result<EncodedPicture> Encoder::encode(const Picture& picture, bool force_key) {
  if (!fits(picture)) return fail(ErrorKind::internal, "encoder: a picture of another format");
  const bool must_be_key = force_key || impl_->pictures == 0;
  EncodedPicture encoded;
  MJ_TRY(UniqueBuffer input, impl_->convert(picture, encoded.input_sha256));
  MJ_CHECK(impl_->push(std::move(input), force_key));
  const UniqueSample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(impl_->sink.get()), kPatience));
  if (!sample)
    return tl::unexpected(bus_error(impl_->pipeline.get(), "no output within 10 s").within("encoder"));

  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  encoded.key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  encoded.access_unit = bytes_of(buffer);
  encoded.avc_config = codec_data(gst_sample_get_caps(sample.get()));
  if (encoded.avc_config.empty() || (must_be_key && !encoded.key)) {
    return fail(ErrorKind::internal, "encoder: incomplete output");
  }
  return encoded;
}

}  // namespace mj::agent
