use actix_web::web::ServiceConfig;
pub(super) fn configure(_config: &mut ServiceConfig) {}
