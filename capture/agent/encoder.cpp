#include "capture/agent/encoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <openssl/evp.h>

#include <algorithm>

#include "capture/agent/colour.h"
#include "capture/agent/gst_handles.h"

namespace mj::agent {

namespace {

constexpr GstClockTime kPatience = 10 * GST_SECOND;

// The agent decides which pictures are keys (Cadence), so x264 may not: its own limit is only a net, and it
// does not look for scene cuts. What moves on a screen moves by whole pixels: looking for fractions of them
// (subme) makes nothing smaller, costs half as much again and four times the memory.
std::string pipeline_of(Quality quality) {
  return fmt::format(
      "appsrc name=in format=time max-buffers=1 "
      "! x264enc pass=quant quantizer={} speed-preset=veryfast tune=zerolatency threads=1 bframes=0 "
      "key-int-max=600 "
      "byte-stream=false option-string=scenecut=0:subme=0:me=dia "
      "! video/x-h264,profile=high-4:4:4,stream-format=avc,alignment=au "
      "! appsink name=out sync=false max-buffers=2",
      quality == Quality::lossless ? 0 : 10);
}

using UniqueDigest = std::unique_ptr<EVP_MD_CTX, GstFree<EVP_MD_CTX, EVP_MD_CTX_free>>;

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
  Result<void> start(const Picture& like, Quality quality);
  void convert(const Picture& picture, const Tiles& changed);
  std::string digest() const;
  Result<void> push(bool force_key);
  [[nodiscard]] uint8_t* row(std::size_t plane, int y) {
    return planes.data() + input.offset[plane] + std::ptrdiff_t{y} * input.stride[plane];
  }

  GstVideoInfo input;  ///< of the encoder
  Bytes planes;        ///< the encoder's input; x264 has copied it when its output is there
  UniqueElement source, sink;
  uint64_t pictures = 0;
  UniquePipeline pipeline;
};

Result<void> Encoder::Impl::start(const Picture& like, Quality quality) {
  init_gstreamer();
  gst_video_info_set_format(&input, GST_VIDEO_FORMAT_Y444, static_cast<guint>(like.width),
                            static_cast<guint>(like.height));
  gst_video_colorimetry_from_string(&input.colorimetry,
                                    "1:3:5:1");  // full range; matrix, transfer, primaries of BT.709
  input.fps_n = 1;
  planes.assign(GST_VIDEO_INFO_SIZE(&input), 0);
  MJ_TRY(pipeline, parse_pipeline(pipeline_of(quality)));
  source.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  sink.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  const UniqueCaps input_caps(gst_video_info_to_caps(&input));
  gst_app_src_set_caps(GST_APP_SRC(source.get()), input_caps.get());
  if (gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return tl::unexpected(bus_error(pipeline.get(), "the encoder does not start").within("encoder"));
  }
  return {};
}

void Encoder::Impl::convert(const Picture& picture, const Tiles& changed) {
  for (int y = 0; y < picture.height; ++y) {
    for (int column = 0; column < changed.columns; ++column) {
      if (!changed.at(column, y / Tiles::kSide)) continue;
      const int x = column * Tiles::kSide;
      bgrx_to_yuv444(picture.row(y) + std::ptrdiff_t{4} * x, std::min(Tiles::kSide, picture.width - x),
                     row(0, y) + x, row(1, y) + x, row(2, y) + x);
    }
  }
}

/// Rows without their padding, so that anybody who decodes the picture can compute the same digest.
std::string Encoder::Impl::digest() const {
  const UniqueDigest context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const uint8_t* begin = planes.data() + input.offset[plane];
    for (int y = 0; y < input.height; ++y) {
      EVP_DigestUpdate(context.get(), begin + std::ptrdiff_t{y} * input.stride[plane],
                       static_cast<std::size_t>(input.width));
    }
  }
  Digest result{};
  EVP_DigestFinal_ex(context.get(), result.data(), nullptr);
  return to_hex(result);
}

Result<void> Encoder::Impl::push(bool force_key) {
  if (force_key && pictures > 0) {
    GstEvent* event = gst_video_event_new_downstream_force_key_unit(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE,
                                                                    GST_CLOCK_TIME_NONE, TRUE, 0);
    if (!gst_element_send_event(source.get(), event))
      return fail(ErrorKind::internal, "encoder: no key frame can be forced");
  }
  UniqueBuffer buffer(gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, planes.data(), planes.size(), 0,
                                                  planes.size(), nullptr, nullptr));
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

Result<std::unique_ptr<Encoder>> Encoder::create(const Picture& like, Quality quality) {
  auto impl = std::make_unique<Impl>();
  MJ_CHECK(impl->start(like, quality));
  return std::unique_ptr<Encoder>(new Encoder(std::move(impl)));
}

bool Encoder::fits(const Picture& picture) const {
  return picture.width == impl_->input.width && picture.height == impl_->input.height;
}

Result<EncodedPicture> Encoder::encode(const Picture& picture, const Tiles& changed, bool force_key) {
  if (!fits(picture)) return fail(ErrorKind::internal, "encoder: a picture of another size");
  const bool must_be_key = force_key || impl_->pictures == 0;
  impl_->convert(picture, changed);
  EncodedPicture encoded;
  encoded.input_sha256 = impl_->digest();
  MJ_CHECK(impl_->push(force_key));
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
